// Token, charge, status: with net/http as midtrans-go uses it, and the environment alone.
package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
)

func call(method, address, body string) string {
	request, err := http.NewRequest(method, address, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	request.SetBasicAuth("SB-Mid-server-simulator", "")
	request.Header.Set("Content-Type", "application/json")
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		panic(err)
	}
	defer reply.Body.Close()
	text, _ := io.ReadAll(reply.Body)
	return string(text)
}

func main() {
	order := `"transaction_details": {"order_id": "INV/1 #2", "gross_amount": "10000"}`
	made := call("POST", "https://app.sandbox.midtrans.com/snap/v1/transactions", "{"+order+"}")
	if !strings.Contains(made, `"token"`) {
		fmt.Println(made)
		os.Exit(1)
	}
	call("POST", "https://api.sandbox.midtrans.com/v2/charge", `{"payment_type": "gopay", `+order+"}")
	fmt.Println(call("GET", "https://api.sandbox.midtrans.com/v2/"+url.PathEscape("INV/1 #2")+"/status", ""))
}

// Token, charge, status: with the JDK's client, a proxy and a trust store, as the page "clients" has it for Java.
import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Base64;

public class Story {
    static final String KEY = Base64.getEncoder().encodeToString("SB-Mid-server-simulator:".getBytes());
    static HttpClient client;

    static String call(String method, String address, String body) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(address))
            .header("Authorization", "Basic " + KEY).header("Content-Type", "application/json")
            .method(method, HttpRequest.BodyPublishers.ofString(body)).build();
        return client.send(request, HttpResponse.BodyHandlers.ofString()).body();
    }

    public static void main(String[] arguments) throws Exception {
        URI proxy = URI.create(System.getenv("HTTPS_PROXY"));
        client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1)
            .proxy(ProxySelector.of(new InetSocketAddress(proxy.getHost(), proxy.getPort()))).build();
        String order = "\"transaction_details\": {\"order_id\": \"INV/1 #2\", \"gross_amount\": \"10000\"}";
        String made = call("POST", "https://app.sandbox.midtrans.com/snap/v1/transactions", "{" + order + "}");
        if (!made.contains("\"token\"")) throw new IllegalStateException(made);
        call("POST", "https://api.sandbox.midtrans.com/v2/charge", "{\"payment_type\": \"gopay\", " + order + "}");
        System.out.println(call("GET", "https://api.sandbox.midtrans.com/v2/INV%2F1%20%232/status", ""));
    }
}

# Token, charge, status: with Net::HTTP as the midtrans gem's client uses it, and the environment alone.
require "erb"
require "json"
require "net/http"

def call(request_class, url, body = nil)
  uri = URI(url)
  request = request_class.new(uri, "Content-Type" => "application/json")
  request.basic_auth("SB-Mid-server-simulator", "")
  request.body = JSON.generate(body) if body
  proxy = URI(ENV.fetch("HTTPS_PROXY"))
  Net::HTTP.start(uri.host, uri.port, proxy.host, proxy.port, use_ssl: true) { |http| JSON.parse(http.request(request).body) }
end

order = { order_id: "INV/1 #2", gross_amount: "10000" }
made = call(Net::HTTP::Post, "https://app.sandbox.midtrans.com/snap/v1/transactions", { transaction_details: order })
abort("no token") unless made["token"]
call(Net::HTTP::Post, "https://api.sandbox.midtrans.com/v2/charge", { payment_type: "gopay", transaction_details: order })
puts JSON.generate(call(Net::HTTP::Get, "https://api.sandbox.midtrans.com/v2/#{ERB::Util.url_encode("INV/1 #2")}/status"))

<?php // Token, charge, status: with curl as midtrans-php uses it, and options of the page "clients" alone.
function call(string $method, string $url, ?array $body = null): array {
    $curl = curl_init($url);
    curl_setopt_array($curl, [
        CURLOPT_CUSTOMREQUEST => $method,
        CURLOPT_USERPWD => 'SB-Mid-server-simulator:',
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_HTTPHEADER => ['Content-Type: application/json', 'Accept: application/json'],
        CURLOPT_PROXY => getenv('HTTPS_PROXY'),
        CURLOPT_CAINFO => getenv('SSL_CERT_FILE'),
    ] + ($body ? [CURLOPT_POSTFIELDS => json_encode($body)] : []));
    $answer = curl_exec($curl);
    if ($answer === false) exit(curl_error($curl));
    return json_decode($answer, true);
}
$order = ['order_id' => 'INV/1 #2', 'gross_amount' => '10000'];
$made = call('POST', 'https://app.sandbox.midtrans.com/snap/v1/transactions', ['transaction_details' => $order]);
if (!$made['token']) exit('no token');
call('POST', 'https://api.sandbox.midtrans.com/v2/charge', ['payment_type' => 'gopay', 'transaction_details' => $order]);
echo json_encode(call('GET', 'https://api.sandbox.midtrans.com/v2/' . rawurlencode('INV/1 #2') . '/status'));

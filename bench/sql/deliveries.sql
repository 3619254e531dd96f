-- The notifications of the bench: number i is the settlement of order i, byte for byte the same for everyone.
-- Ids are spread like the random ones of real life. Building one costs the server about 8 microseconds.
create schema bench;

create function bench.order_id(i bigint) returns text language sql immutable parallel safe
return 'INV-' || md5(i::text)::uuid;

create function bench.transaction_id(i bigint) returns text language sql immutable parallel safe
return md5('transaction ' || i)::uuid::text;

create function bench.va_number(i bigint) returns text language sql immutable parallel safe
return lpad(i::text, 11, '8');

create function bench.body(i bigint) returns text language sql immutable parallel safe
return '{"va_numbers":[{"va_number":"' || bench.va_number(i) || '","bank":"bca"}],'
    || '"transaction_time":"2026-11-03 12:00:00","transaction_status":"settlement",'
    || '"transaction_id":"' || bench.transaction_id(i) || '",'
    || '"status_message":"midtrans payment notification","status_code":"200","signature_key":"'
    || encode(sha512((bench.order_id(i) || '200' || '299000.00' || 'SB-Mid-server-simulator')::bytea), 'hex')
    || '","settlement_time":"2026-11-03 12:01:00","payment_type":"bank_transfer","payment_amounts":[],'
    || '"order_id":"' || bench.order_id(i) || '","merchant_id":"G123456789","gross_amount":"299000.00",'
    || '"fraud_status":"accept","expiry_time":"2026-11-04 12:00:00","currency":"IDR"}';

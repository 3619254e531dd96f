\set turn :turn + 1
\set first (:turn * :clients + :client_id) * 64 + 1
select bench.take_in(:first, 64);

SELECT id, sum_array(bytes), sum_array_simd(bytes), sum_array_simd16(bytes) FROM arrays;
SELECT 'a thousand times: ' || sum_array_simd(bytes, 1000) FROM arrays WHERE id = 3;
SELECT 'NULL: ' || quote(sum_array(NULL));

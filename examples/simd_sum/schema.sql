-- Arrays of 32-bit floats, little-endian as the machine has them: 1.5, -2, 0.25, 4, 8; none; 1, a thousand and three times.
CREATE TABLE arrays(id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
INSERT INTO arrays VALUES
  (1, x'0000c03f000000c00000803e0000804000000041'),
  (2, x''),
  (3, CAST(replace(printf('%.*c', 1003, 'x'), 'x', CAST(x'0000803f' AS TEXT)) AS BLOB));

-- The extended protocol, as psql has it since 16.
CREATE TABLE bound (id int PRIMARY KEY, name text);
INSERT INTO bound VALUES ($1, $2) \bind 1 one \g
SELECT * FROM bound WHERE id = $1 \bind 1 \g
SELECT * FROM bound WHERE id = $1 \bind 1 \g
UPDATE bound SET name = $1 \bind two \g
SELECT * FROM bound WHERE id = $1 \bind 1 \g
SELECT * FROM bound WHERE id = $1 \bind nonsense \g
DROP TABLE bound;

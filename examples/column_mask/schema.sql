-- People, and a view of them for whoever is named in viewer.
CREATE TABLE people(id INTEGER PRIMARY KEY, email TEXT, card TEXT, salary INTEGER);
INSERT INTO people VALUES
  (1, 'ann.smith@example.com', '4111 1111 1111 1234', 53210),
  (2, 'élodie@example.org', '5500-0000-0000-0004', 98765),
  (3, '@strange', '12', NULL),
  (4, NULL, NULL, 9999),
  (5, 'no sign', '', 10000);
CREATE TABLE viewer(role TEXT);
INSERT INTO viewer VALUES ('clerk');
CREATE VIEW seen AS
  SELECT id, mask_email(email, role) AS email, mask_card(card, role) AS card, mask_salary(salary, role) AS salary
  FROM people, viewer;

-- Accounts to be refused, each for another reason. The password of each is alice-pw, sha512crypt; slow's takes
-- forty times as long, and on a machine that is slow itself still less than a refusal.
INSERT INTO sqlmap_groups (groupname, gid) VALUES ('users-of-sql', 5000);
INSERT INTO sqlmap_users (username, uid, gid, homedir, password, enabled, services, expire) VALUES
  ('alice',     5000, 5000, '/home/alice',     '$6$saltsaltsaltsalt$JZdv..J68OV8D98.xEvmNveso6WWmqQoAdx6cuVCP5W2.FWkZ2gWB0FfKZNvKdasQcBY4rFlQKGBIx8K9Qd9g/', 1, '',     -1),
  ('blocked',   5001, 5000, '/home/blocked',   '$6$saltsaltsaltsalt$JZdv..J68OV8D98.xEvmNveso6WWmqQoAdx6cuVCP5W2.FWkZ2gWB0FfKZNvKdasQcBY4rFlQKGBIx8K9Qd9g/', 0, '',     -1),
  ('elsewhere', 5002, 5000, '/home/elsewhere', '$6$saltsaltsaltsalt$JZdv..J68OV8D98.xEvmNveso6WWmqQoAdx6cuVCP5W2.FWkZ2gWB0FfKZNvKdasQcBY4rFlQKGBIx8K9Qd9g/', 1, 'sshd', -1),
  ('expired',   5003, 5000, '/home/expired',   '$6$saltsaltsaltsalt$JZdv..J68OV8D98.xEvmNveso6WWmqQoAdx6cuVCP5W2.FWkZ2gWB0FfKZNvKdasQcBY4rFlQKGBIx8K9Qd9g/', 1, '',      1),
  ('slow',      5004, 5000, '/home/slow',      '$6$rounds=200000$saltsaltsaltsalt$eMa5cIAH6q3BzPWIPw9J2sKGYdEifdrwvZXkZTzWk0MhzQSHeB7f8.WJwLfEkVo0ZXsiVtbK2GRVh0QnAWyRX/', 1, '', -1);

-- Accounts with a hash that costs little, so that ten thousand logins show what surrounds it. Their passwords are in pam_endurance.cc.
INSERT INTO sqlmap_groups (groupname, gid) VALUES ('users-of-sql', 5000);
INSERT INTO sqlmap_users (username, uid, gid, homedir, password) VALUES
  ('alice', 5000, 5000, '/home/alice', '$1$saltsalt$hrXE8CwNfUzT/QEvWiLGD.'),
  ('bob',   5001, 5000, '/home/bob',   '$1$saltsalt$AptIpKxtTXdPMWSsKRnMr1'),
  ('carol', 5002, 5000, '/home/carol', '$1$saltsalt$rgNq92oNGP8JT/OilA.k9.'),
  ('dave',  5003, 5000, '/home/dave',  '$1$saltsalt$K8W7/XF.yiG8FDSM4MRAD1');

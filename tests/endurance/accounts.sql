-- One account with a hash that costs little, so that ten thousand logins show what surrounds it. The password is alice-pw.
INSERT INTO sqlmap_groups (groupname, gid) VALUES ('users-of-sql', 5000);
INSERT INTO sqlmap_users (username, uid, gid, homedir, password) VALUES ('alice', 5000, 5000, '/home/alice', '$1$saltsalt$l6hua7hbwqosNOGJ7WUbu/');

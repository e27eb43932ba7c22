-- The people of these tests. The password of all who have one is "correct horse".
INSERT INTO sqlmap_groups (groupname, gid) VALUES ('customers', 20000), ('editors', 20001);

SET @yescrypt = '$y$j9T$F5Jx5fExrKuPp53xLKQ..1$zwtVrjrUCmXcyLTs6oxLTQlzifSUkF8RHJ./tK5KU79', @bcrypt = '$2b$10$abcdefghijklmnopqrstuu23JPZtHcGhwXSF41f93o/7vBdDut3Xu',
    @sha512crypt = '$6$saltstring$.r0X7ub5wGR2v4Xz7svCIozfnlorFh19V89t8KC9Umd81uGhFgsyTRNyzQDXDIm17fFcR9z3z7oBNdsyYBbtm/',
    @md5crypt = '$1$saltstri$CVtlMpOHug1.jDUbVpFvB1';

INSERT INTO sqlmap_users (username, uid, gid, gecos, homedir, shell, password) VALUES
  ('alice', 20000, 20000, 'Alice Example', '/srv/people/alice', '/bin/bash', @yescrypt),
  ('bob', 20001, 20000, 'Bob Example', '/srv/people/bob', '/bin/bash', @bcrypt),
  ('grace', 20002, 20000, 'Grace has no password', '/srv/people/grace', '/bin/bash', '!'),
  ('frank', 20003, 20000, 'Frank has an old hash', '/srv/people/frank', '/bin/bash', @md5crypt);
INSERT INTO sqlmap_users (username, uid, gid, gecos, homedir, shell, password, services) VALUES
  ('sven', 20004, 20000, 'Sven for sshd alone', '/srv/people/sven', '/bin/bash', @sha512crypt, 'sshd');
INSERT INTO sqlmap_users (username, uid, gid, gecos, homedir, shell, password, enabled) VALUES
  ('carol', 20005, 20000, 'Carol is switched off', '/srv/people/carol', '/bin/bash', @sha512crypt, 0);
INSERT INTO sqlmap_users (username, uid, gid, gecos, homedir, shell, password, expire) VALUES
  ('dave', 20006, 20000, 'Dave has left', '/srv/people/dave', '/bin/bash', @sha512crypt, 10000);
INSERT INTO sqlmap_users (username, uid, gid, gecos, homedir, shell, password, lstchg) VALUES
  ('erin', 20007, 20000, 'Erin has to change it', '/srv/people/erin', '/bin/bash', @sha512crypt, 0);
INSERT INTO sqlmap_memberships (username, gid) VALUES ('alice', 20001), ('bob', 20001);

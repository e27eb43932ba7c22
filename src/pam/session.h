// The session stage: rows for the log, a home, umask(2) and chroot(2).
#ifndef SQLMAP_PAM_SESSION_H_
#define SQLMAP_PAM_SESSION_H_

#include "pam/libpam.h"

namespace sqlmap {

// Opens a session. In this order: the account is looked up, if an option needs it; a missing home
// is made; the directory for chroot is found; the gate is asked for the row (and may require one);
// umask and root directory change. So the row says that a session has begun only if nothing but
// the system call chroot(2) could still fail, and then a second row says that it has ended.
//
//   PAM_SUCCESS       the session is open
//   PAM_IGNORE        not an account of ours, and nothing was done; or nobody is there to say
//   PAM_SESSION_ERR   refused
//   PAM_USER_UNKNOWN  there is no name
//
// Who is refused, and who is not:
//
//   the gate says anything but accepted, also that it is unavailable: refused, for somebody is
//   there
//     who may require a row. With ignore_authinfo_unavail, unavailable is as if nobody were there.
//   nobody is there: neither sqlmapd, whose configuration says whether a row is required, nor
//   direct
//     mode. Open: else a stopped sqlmapd would keep out everybody on the host who is not in
//     /etc/passwd as a system account. What a required row promises is promised while sqlmapd runs.
//   the home could not be made: open, and an error in the log. Whether somebody may work without a
//     home is the service's to decide, and they differ: sshd goes to "/", vsftpd refuses.
//   chroot: a session that shall be locked in is locked in or refused, also when nobody can say
//     whether the account is ours; a directory that somebody else could change is no jail, so that
//     chroot=home is for homes that are root's. Once it is locked in, a process opens no other
//     session of the same handle: what it would read in there may be the user's.
//   umask: is set when nobody can say whose account it is, as well.
//
// umask(2), the root and the working directory are the process's, with all its threads; nothing
// else of it changes.
int OpenSession(pam_handle_t* handle, int flags, const Options& options) noexcept;

// Notes the end. PAM_SUCCESS, PAM_IGNORE, PAM_SESSION_ERR and PAM_USER_UNKNOWN as above.
//
// In a process that OpenSession has locked in, nothing is asked: PAM_SUCCESS, and no row is
// written, for sqlmapd's socket is out of reach. What stands at its path in there may be the
// user's.
int CloseSession(pam_handle_t* handle, int flags, const Options& options) noexcept;

}  // namespace sqlmap

#endif  // SQLMAP_PAM_SESSION_H_

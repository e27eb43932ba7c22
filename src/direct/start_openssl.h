// OpenSSL reads its configuration when it is first used, and can load code for it.
#ifndef SQLMAP_DIRECT_START_OPENSSL_H_
#define SQLMAP_DIRECT_START_OPENSSL_H_

namespace sqlmap {

// Has it read the system's openssl.cnf now, if that is the administrator's, or nothing: not later,
// when the process may sit in a user's chroot, and not what OPENSSL_CONF names. Where the host has
// started OpenSSL before, no file is read. The digests of passwords are fetched too: no lock of
// OpenSSL is left to take while one is computed. No fork meanwhile. Once a process; thread safe.
void StartOpenSsl() noexcept;

}  // namespace sqlmap

#endif  // SQLMAP_DIRECT_START_OPENSSL_H_

// Keeps the daemon from asking itself.
#ifndef SQLMAP_DAEMON_OWN_MODULE_H_
#define SQLMAP_DAEMON_OWN_MODULE_H_

namespace sqlmap {

// Loads the NSS module of this host, if there is one, and tells it that it is never to answer in
// this process and its children: some library of ours may resolve a name. False: there is none.
// Before the first fork and the first thread.
bool SwitchOwnModuleOff(const char* library = "libnss_sqlmap.so.2");

}  // namespace sqlmap

#endif  // SQLMAP_DAEMON_OWN_MODULE_H_

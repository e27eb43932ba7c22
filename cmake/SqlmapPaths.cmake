# The paths of the installed system. They are compiled in: neither a module nor the daemon reads them from the environment.
set(SQLMAP_CONFIG_DIR /etc/sqlmapd CACHE INTERNAL "")
set(SQLMAP_CONFIG_FILE ${SQLMAP_CONFIG_DIR}/sqlmapd.toml CACHE INTERNAL "")
set(SQLMAP_SECRETS_FILE ${SQLMAP_CONFIG_DIR}/secrets.toml CACHE INTERNAL "")
set(SQLMAP_NSS_DIR ${CMAKE_INSTALL_FULL_LIBDIR} CACHE PATH "where glibc looks for libnss_*.so.2")
set(SQLMAP_PAM_DIR ${CMAKE_INSTALL_FULL_LIBDIR}/security CACHE PATH "where libpam looks for pam_*.so")
set(SQLMAP_PLUGIN_DIR ${CMAKE_INSTALL_FULL_LIBDIR}/sqlmap CACHE PATH "the private plugin's directory")
set(SQLMAP_PLUGIN_FILE ${SQLMAP_PLUGIN_DIR}/direct.so CACHE INTERNAL "")
# Nobody but root may write here: what lies in them is mapped into, and believed by, every process.
set(SQLMAP_RUN_DIR /run/sqlmapd CACHE INTERNAL "")
set(SQLMAP_STATE_DIR /var/lib/sqlmapd CACHE INTERNAL "")

// The database as its administrator: whoever may make views and users.
#ifndef SQLMAP_CTL_VIEWS_ADMINISTRATOR_H_
#define SQLMAP_CTL_VIEWS_ADMINISTRATOR_H_

#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "common/config/settings.h"

namespace sqlmap {

class Connection;

class Administrator {
 public:
  // With settings.user and settings.password. Throws Failure (kUnknown): who was asked, and what it
  // said.
  Administrator(const ServerAddress& server, const DatabaseSettings& settings);
  ~Administrator();

  // One statement; the error is the server's word, for people.
  std::expected<void, std::string> Run(const std::string& sql);
  // The first column of each row; NULL is an error.
  std::expected<std::vector<std::string>, std::string> Ask(const std::string& sql);

 private:
  std::unique_ptr<Connection> connection_;
};

}  // namespace sqlmap

#endif  // SQLMAP_CTL_VIEWS_ADMINISTRATOR_H_

// The server's side: whatever comes, in whatever pieces, is a request that keeps the rules, or
// none, and the pieces make no difference.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string_view>
#include <tuple>

#include "common/wire/access.h"
#include "common/wire/request_parser.h"

namespace {

using sqlmap::RequestParser;

void Require(bool holds) {
  if (!holds) std::abort();
}

void Feed(RequestParser& parser, std::span<const std::uint8_t> bytes, std::size_t step) {
  while (!bytes.empty() && parser.state() == RequestParser::State::kMore) {
    const auto space = parser.Space();
    Require(!space.empty());
    const std::size_t count = std::min({step, bytes.size(), space.size()});
    std::memcpy(space.data(), bytes.data(), count);
    bytes = bytes.subspan(count);
    parser.Add(count);
  }
}

void RequireText(std::string_view text, std::size_t max) {
  Require(text.size() <= max && text.find('\0') == std::string_view::npos);
}

auto All(const sqlmap::Request& request) {
  const sqlmap::LoginRequest& login = request.login;
  return std::tuple(request.kind, request.id, request.name, login.name, login.password,
                    login.service, login.rhost, login.tty, login.allow_empty_password,
                    login.new_password, login.by_root, request.wait, request.force);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  RequestParser parser;
  Feed(parser, {data + 1, size - 1}, SIZE_MAX);
  RequestParser in_pieces;
  Feed(in_pieces, {data + 1, size - 1}, std::size_t{1} + data[0]);
  if (parser.state() != RequestParser::State::kWhole) {
    Require(in_pieces.state() != RequestParser::State::kMore ||
            parser.state() == in_pieces.state());
    return 0;
  }
  // Bytes behind the request are seen only if they came along with it.
  Require(in_pieces.state() == RequestParser::State::kWhole);
  const sqlmap::Request& request = parser.request();
  Require(All(request) == All(in_pieces.request()));
  RequireText(request.name, 255);
  for (const std::string_view text :
       {request.login.password, request.login.new_password, request.login.service,
        request.login.rhost, request.login.tty}) {
    RequireText(text, sqlmap::kRequestMax);
  }
  Require(!NameOf(request.kind).empty());
  Require(sqlmap::AccessTo(request.kind, request.login.by_root, 0) == sqlmap::Access::kGranted);
  if (!request.login.password.empty()) {
    Require(sqlmap::AccessTo(request.kind, false, 1000) == sqlmap::Access::kOwnAccount);
  }
  parser.Wipe();
  Require(parser.request().name.empty() && parser.request().login.password.empty());
  return 0;
}

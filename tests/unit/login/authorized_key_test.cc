#include "common/login/authorized_key.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace sqlmap {
namespace {

struct Vector {
  std::string fingerprint, type, key;
  std::string Line() const { return type + " " + key; }
};

std::vector<Vector> Vectors() {
  std::ifstream file(SQLMAP_TEST_DATA "/ssh-keys.tsv");
  std::vector<Vector> vectors;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    Vector vector;
    std::istringstream(line) >> vector.fingerprint >> vector.type >> vector.key;
    vectors.push_back(vector);
  }
  EXPECT_EQ(vectors.size(), 8U) << "the file of keys is not there, or not whole";
  return vectors;
}

Vector Ed25519() { return Vectors().at(0); }
Vector Rsa() { return Vectors().at(4); }

std::string FaultOf(const std::string& line) {
  const auto key = ParseKeyLine(line);
  return key ? "none" : std::string(key.error());
}

TEST(AuthorizedKey, EveryTypeOfOpenSshIsReadAndHasItsFingerprint) {
  for (const Vector& vector : Vectors()) {
    for (const std::string& line :
         {vector.Line(), vector.Line() + " alice@desk, the \"old\" one",
          "\t" + vector.type + " \t " + vector.key + "\t", "restrict " + vector.Line()}) {
      const auto key = ParseKeyLine(line);
      ASSERT_TRUE(key) << line << ": " << key.error();
      EXPECT_EQ(key->type, vector.type);
      EXPECT_EQ(key->Fingerprint(), vector.fingerprint);
      EXPECT_FALSE(key->cert_authority);
    }
  }
}

TEST(AuthorizedKey, OptionsStayAsTheyAre) {
  const std::string key = Ed25519().Line();
  for (const char* options :
       {"restrict", "no-pty,no-port-forwarding", R"(command="echo a b, c",no-pty)",
        R"(command="say \"a b\", and c")", R"(from="192.0.2.0/24,!192.0.2.9",restrict)",
        R"(environment="NAME=with spaces",permitopen="[::1]:80",expiry-time="20301231")",
        R"(cert-authority,principals="alice,bob")", "agent-forwarding,user-rc",
        R"(tunnel="0",verify-required,no-touch-required)", R"(command="ssh-rsa AAAA")",
        "command=\"r\xc3\xb6st\"", R"(command="a\"")"}) {
    const std::string line = std::string(options) + " " + key + " comment";
    const std::string padded = "  " + line + " ";
    const auto read = ParseKeyLine(padded);
    ASSERT_TRUE(read) << line << ": " << read.error();
    EXPECT_EQ(read->line, line);
    EXPECT_EQ(read->type, "ssh-ed25519");
    EXPECT_EQ(read->Fingerprint(), Ed25519().fingerprint);
  }
}

TEST(AuthorizedKey, OnlyTheOptionItselfMakesAnAuthority) {
  const std::string key = " " + Ed25519().Line();
  const auto is_authority = [&](const std::string& options) {
    const std::string line = options + key;
    return ParseKeyLine(line)->cert_authority;
  };
  for (const char* yes :
       {"cert-authority", "Cert-Authority,restrict", R"(principals="a,b",cert-authority)",
        R"(command="say \"x,y\"",cert-authority,no-pty)"}) {
    EXPECT_TRUE(is_authority(yes)) << yes;
  }
  for (const char* no :
       {"restrict", R"(command="cert-authority")", R"(command="a,cert-authority,b")",
        R"(command="a\",cert-authority,")", "cert-authority=no", "no-cert-authority"}) {
    EXPECT_FALSE(is_authority(no)) << no;
  }
}

TEST(AuthorizedKey, WhatSshdCouldNotReadIsNoKey) {
  const Vector ed25519 = Ed25519();
  const std::string key = ed25519.Line();
  std::string other_type = Rsa().Line();
  other_type.replace(0, other_type.find(' '), "ssh-ed25519");
  const std::string nistp384 = Vectors().at(2).key;
  const struct {
    std::string line, fault;
  } rows[] = {
      {key.substr(0, key.size() - 4), "the key is cut off"},
      {key.substr(0, key.size() - 1), "the key is no base64"},
      {key + "AAAA", "there are bytes behind the end of the key"},
      {"ssh-ed25519 !!!!", "the key is no base64"},
      {"ssh-ed25519", "there is no key behind its type"},
      {"ssh-ed25519 ", "there is no key behind its type"},
      {"ssh-ed25519 AAAA", "the key is cut off"},
      {other_type, "the key is of another type than the one in front of it"},
      {"ecdsa-sha2-nistp256 " + nistp384, "the key is of another type than the one in front of it"},
      {"ssh-ed448 " + ed25519.key, "its type of key is unknown"},
      {"ssh-ed25519-cert-v01@openssh.com " + ed25519.key, "its type of key is unknown"},
      {ed25519.key, "its type of key is unknown"},
      {"garbage", "its type of key is unknown"},
      {"restrict, no-pty " + key, "its type of key is unknown"},
      {"command=\"echo " + key, "a quote in its options does not end"},
      {"command=\"echo\\\" " + key, "a quote in its options does not end"},
      {"command=\"echo\\\\\" " + key, "a quote in its options does not end"},
      {key + " a\x1b[2J", "it has a control character"},
      {key + "\nssh-rsa AAAA", "it has a control character"},
      {key + std::string(" a\0b", 4), "it has a control character"},
      {key + "\x7f", "it has a control character"},
      {key + " " + std::string(kLongestKeyLine, 'c'), "it is longer than 16 KiB"},
      {"", "it is empty, or a comment"},
      {" # " + key, "it is empty, or a comment"},
      {"#restrict " + key, "it is empty, or a comment"},
  };
  for (const auto& row : rows) EXPECT_EQ(FaultOf(row.line), row.fault) << row.line.substr(0, 100);
}

TEST(AuthorizedKey, ALineOfExactlyTheLimitIsRead) {
  const std::string key = Ed25519().Line() + " ";
  EXPECT_EQ(FaultOf(key + std::string(kLongestKeyLine - key.size(), 'c')), "none");
}

TEST(AuthorizedKey, EmptyLinesAndCommentsAreNotFaults) {
  for (const char* line : {"", " ", "\t", "#", "  # of the desk", "#ssh-ed25519 AAAA"})
    EXPECT_TRUE(IsRemark(line)) << line;
  for (const char* line : {"x", "ssh-ed25519 AAAA # comment", " \"#\""})
    EXPECT_FALSE(IsRemark(line)) << line;
}

TEST(AuthorizedKey, OnlyTheKeyThatIsOfferedMatches) {
  for (const Vector& offered : Vectors()) {
    for (const Vector& stored : Vectors()) {
      const std::string line = "no-pty " + stored.Line();
      EXPECT_EQ(MayAuthorise(*ParseKeyLine(line), {offered.type, offered.fingerprint}),
                offered.type == stored.type)
          << offered.type << " with " << stored.type;
    }
  }
  const std::string line = Ed25519().Line();
  const std::string fingerprint = Ed25519().fingerprint;
  EXPECT_FALSE(MayAuthorise(*ParseKeyLine(line), {"ssh-rsa", fingerprint}));
}

// %f of a certificate is that of the key in it, and says nothing about who has signed it.
TEST(AuthorizedKey, ACertificateIsForEveryAuthorityAndForNothingElse) {
  const Vector vector = Ed25519();
  const std::string plain_line = vector.Line();
  const std::string authority_line = "cert-authority " + plain_line;
  const auto plain = ParseKeyLine(plain_line);
  const auto authority = ParseKeyLine(authority_line);
  const std::string other = Rsa().fingerprint;
  for (const char* type : {"ssh-ed25519-cert-v01@openssh.com", "ssh-rsa-cert-v01@openssh.com",
                           "sk-ssh-ed25519-cert-v01@openssh.com"}) {
    for (const std::string& fingerprint : {vector.fingerprint, other}) {
      EXPECT_TRUE(MayAuthorise(*authority, {type, fingerprint}));
      EXPECT_FALSE(MayAuthorise(*plain, {type, fingerprint}));
    }
  }
  EXPECT_FALSE(MayAuthorise(*authority, {"ssh-ed25519", vector.fingerprint}))
      << "an authority's own key opens nothing";
}

TEST(AuthorizedKey, WhatIsNoFingerprintOfSshdsIsTold) {
  EXPECT_TRUE(IsFingerprint(Ed25519().fingerprint));
  for (const char* other :
       {"", "SHA256:", "SHA256:short", "MD5:c5:d9:ef:c5:ef:c5:d9:ef:c5:ef:c5:d9:ef:c5:ef:c5",
        "NsShIDXgfdHzTr7HHcI+nnbJ8pq3vUvP/FMVemxndFw",
        "sha256:NsShIDXgfdHzTr7HHcI+nnbJ8pq3vUvP/FMVemxndFw",
        "SHA256:NsShIDXgfdHzTr7HHcI+nnbJ8pq3vUvP/FMVemxndFw="}) {
    EXPECT_FALSE(IsFingerprint(other)) << other;
  }
}

}  // namespace
}  // namespace sqlmap

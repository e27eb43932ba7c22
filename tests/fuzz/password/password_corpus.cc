// Writes each row of hash-vectors.tsv as a seed for verify_fuzz. Usage: password_corpus DIRECTORY
#include <filesystem>
#include <fstream>
#include <iostream>

#include "vectors.h"
#include "verify_input.h"

int main(int count, char** arguments) {
  if (count != 2) {
    std::cerr << "usage: password_corpus DIRECTORY\n";
    return 2;
  }
  const std::filesystem::path directory = arguments[1];
  std::filesystem::remove_all(directory);
  std::filesystem::create_directories(directory);
  for (const sqlmap::HashVector& vector : sqlmap::ReadHashVectors()) {
    sqlmap::VerifyInput input;
    if (vector.bare) input.scheme = vector.scheme;
    if (vector.password.empty()) input.switches = sqlmap::kAllowEmpty;
    input.password = vector.password;
    input.stored = vector.hash;
    std::ofstream file(directory / std::to_string(vector.line), std::ios::binary);
    file << sqlmap::WriteVerifyInput(input);
    file.close();
    if (!file) {
      std::cerr << "cannot write " << directory << '\n';
      return 1;
    }
  }
  return 0;
}

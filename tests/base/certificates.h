#pragma once

#include <catch2/catch.hpp>
#include <cstdlib>
#include <string>

#include "tests/config/temporary_folder.h"

namespace strata {

// A certificate authority of the test's own, with a server (localhost, 127.0.0.1) and a client; and
// another one, which vouches for nobody. Made by the openssl program.
class Certificates {
 public:
  Certificates() {
    MakeAuthority("ca");
    MakeAuthority("other");
    Issue("server", "subjectAltName=DNS:localhost,IP:127.0.0.1");
    Issue("client", "keyUsage=digitalSignature");
  }

  const TemporaryFolder& folder() const { return folder_; }
  std::string ca_file() const { return folder_.Path("ca.pem"); }
  std::string other_ca_file() const { return folder_.Path("other.pem"); }
  std::string server_file() const { return folder_.Path("server.pem"); }
  std::string server_key_file() const { return folder_.Path("server.key"); }
  std::string client_file() const { return folder_.Path("client.pem"); }
  std::string client_key_file() const { return folder_.Path("client.key"); }

 private:
  void Run(const std::string& command) {
    const std::string line = "cd " + folder_.Path("") + " && openssl " + command + " 2>>log";
    INFO(line);
    REQUIRE(std::system(line.c_str()) == 0);
  }
  void MakeAuthority(const std::string& name) {
    Run("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=" + name +
        " -keyout " + name + ".key -out " + name + ".pem");
  }
  void Issue(const std::string& name, const std::string& extension) {
    folder_.Write(name + ".ext", extension);
    Run("req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=" + name + " -keyout " +
        name + ".key -out " + name + ".csr");
    Run("x509 -req -days 2 -CA ca.pem -CAkey ca.key -CAcreateserial -in " + name +
        ".csr -extfile " + name + ".ext -out " + name + ".pem");
  }

  TemporaryFolder folder_;
};

}  // namespace strata

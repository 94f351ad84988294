#include "base/tls_context.h"

#include <catch2/catch.hpp>

#include "tests/base/certificates.h"

namespace strata {
namespace {

std::string ErrorOf(const TlsFiles& files) {
  const Result<TlsContext> context = TlsContext::ForClients(files);
  return context ? "" : context.error().message;
}

}  // namespace

TEST_CASE("a TLS context takes files that fit, or the system's") {
  const Certificates certificates;
  CHECK(ErrorOf({}).empty());
  CHECK(ErrorOf({certificates.ca_file(), "", ""}).empty());
  CHECK(
      ErrorOf({certificates.ca_file(), certificates.client_file(), certificates.client_key_file()})
          .empty());
}

TEST_CASE("a TLS context names the file that it cannot use") {
  const Certificates certificates;
  const std::string text = certificates.folder().Write("text", "no certificate");
  const std::string none = certificates.folder().Path("none");
  CHECK(ErrorOf({none, "", ""}) == "CA file '" + none + "': No such file or directory");
  CHECK(ErrorOf({text, "", ""}) == "CA file '" + text + "': no certificate or crl found");
  CHECK(ErrorOf({"", none, certificates.client_key_file()}) ==
        "certificate file '" + none + "': No such file or directory");
  CHECK(ErrorOf({"", text, certificates.client_key_file()}) ==
        "certificate file '" + text + "': no start line");
  CHECK(ErrorOf({"", certificates.client_file(), none}) ==
        "key file '" + none + "': No such file or directory");
  CHECK(ErrorOf({"", certificates.client_file(), certificates.server_key_file()}) ==
        "key file '" + certificates.server_key_file() + "': key values mismatch");
  CHECK(ErrorOf({"", certificates.client_file(), ""}) ==
        "certificate file '" + certificates.client_file() + "' has no key file beside it");
  CHECK(ErrorOf({"", "", certificates.client_key_file()}) ==
        "key file '" + certificates.client_key_file() + "' has no certificate file beside it");
}

}  // namespace strata

#include "http/tls_files.hpp"

#include <fmt/format.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include <ctime>
#include <utility>

#include "hangar/error.hpp"

namespace ssl = boost::asio::ssl;

namespace hangar {

TlsFiles::TlsFiles(std::string setting, std::string certificate, std::string key)
    : setting_{std::move(setting)},
      certificate_{std::move(certificate)},
      key_{std::move(key)},
      seen_{look()},
      context_{load()} {}

TlsFiles::Look TlsFiles::look() const {
  Look seen;
  for (const std::string& file : {certificate_, key_}) {
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0) continue;
    for (const std::int64_t part :
         {std::int64_t{status.st_mtim.tv_sec}, std::int64_t{status.st_mtim.tv_nsec},
          static_cast<std::int64_t>(status.st_ino), std::int64_t{status.st_size}}) {
      seen.push_back(part);
    }
  }
  return seen;
}

TlsFiles::Context TlsFiles::load() const {
  const auto must = [&](const boost::system::error_code& failed, const std::string& file) {
    if (!failed) return;
    throw ConfigError{
        fmt::format("{}: {} cannot be used for TLS: {}", setting_, file, failed.message())};
  };
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  SSL_CTX* const native = context->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
  // Tickets resume a session, and take no memory here.
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
  boost::system::error_code failed;
  context->use_certificate_chain_file(certificate_, failed);
  must(failed, certificate_);
  // It fails too when the key is that of another certificate.
  context->use_private_key_file(key_, ssl::context::pem, failed);
  must(failed, key_);
  return context;
}

TlsFiles::Context TlsFiles::context(Log& log) {
  Look now = look();
  if (now == seen_) return context_;
  seen_ = std::move(now);
  try {
    context_ = load();
    log.info("{}: new connections have the certificate that is in {} now", setting_, certificate_);
  } catch (const ConfigError& error) {
    log.warning("{}; the certificate of before stays", error.what());
  }
  return context_;
}

std::chrono::system_clock::time_point TlsFiles::expires() const {
  std::tm parts{};
  ASN1_TIME_to_tm(X509_get0_notAfter(SSL_CTX_get0_certificate(context_->native_handle())), &parts);
  return std::chrono::system_clock::from_time_t(timegm(&parts));
}

}  // namespace hangar

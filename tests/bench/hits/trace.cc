#include "tests/bench/hits/trace.h"

#include <zstd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>

namespace strata::hits {
namespace {

constexpr size_t kRecordBytes = 20;
constexpr size_t kKeyOffset = 4;
constexpr int kWindowLog = 27;
constexpr std::string_view kEnding = ".rec.zst";

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
struct FreeContext {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

[[noreturn]] void Fail(const std::string& path, const char* reason) {
  std::fprintf(stderr, "%s: %s\n", path.c_str(), reason);
  std::exit(1);
}

// Records as they come out of the stream, in pieces of any size.
class RecordReader {
 public:
  explicit RecordReader(Trace& trace) : trace_(trace) {}

  void Add(const char* bytes, size_t size) {
    pending_.append(bytes, size);
    size_t at = 0;
    for (; at + kRecordBytes <= pending_.size(); at += kRecordBytes) {
      uint64_t key;
      std::memcpy(&key, pending_.data() + at + kKeyOffset, sizeof(key));
      trace_.keys.push_back(static_cast<uint32_t>(key));
      trace_.key_count = std::max(trace_.key_count, static_cast<uint32_t>(key) + 1);
    }
    pending_.erase(0, at);
  }

 private:
  Trace& trace_;
  std::string pending_;
};

}  // namespace

Trace ReadTrace(const std::string& path) {
  Trace trace;
  const std::string file_name = std::filesystem::path(path).filename();
  trace.name = file_name.substr(0, file_name.size() - kEnding.size());
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "rb"));
  if (!file) Fail(path, "cannot be opened");
  const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, kWindowLog);

  RecordReader reader(trace);
  std::vector<char> in(ZSTD_DStreamInSize());
  std::vector<char> out(ZSTD_DStreamOutSize());
  while (const size_t read = std::fread(in.data(), 1, in.size(), file.get())) {
    ZSTD_inBuffer input{in.data(), read, 0};
    bool has_more = true;
    while (input.pos < input.size || has_more) {
      ZSTD_outBuffer output{out.data(), out.size(), 0};
      const size_t result = ZSTD_decompressStream(context.get(), &output, &input);
      if (ZSTD_isError(result) != 0) Fail(path, ZSTD_getErrorName(result));
      reader.Add(out.data(), output.pos);
      has_more = output.pos == output.size;
    }
  }
  return trace;
}

std::vector<std::string> TracesIn(const std::string& folder) {
  std::vector<std::string> paths;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    if (file.path().string().ends_with(kEnding)) paths.push_back(file.path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace strata::hits

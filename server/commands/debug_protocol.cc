#include "server/commands/debug_protocol.h"

#include <string_view>

#include "base/text.h"

namespace strata {
namespace {

bool IsResp3(const CommandContext& c) {
  return c.reply.version() == RespVersion::kResp3;
}

void BigNumber(CommandContext& c) {
  constexpr std::string_view kDigits = "1234567999999999999999999999999999999";
  if (!IsResp3(c)) return c.reply.Bulk(kDigits);
  c.reply.Raw("(");
  c.reply.Raw(kDigits);
  c.reply.Raw("\r\n");
}

void Numbers(CommandContext& c) {
  for (int i = 0; i < 3; ++i) c.reply.Integer(i);
}

void SampleArray(CommandContext& c) {
  c.reply.Array(3);
  Numbers(c);
}

void SampleSet(CommandContext& c) {
  c.reply.Set(3);
  Numbers(c);
}

void SampleMap(CommandContext& c) {
  c.reply.Map(3);
  for (int i = 0; i < 3; ++i) {
    c.reply.Integer(i);
    c.reply.Boolean(i == 1);
  }
}

void Attribute(CommandContext& c) {
  if (IsResp3(c)) {
    c.reply.Raw("|1\r\n");
    c.reply.Bulk("key-popularity");
    c.reply.Array(2);
    c.reply.Bulk("key:123");
    c.reply.Integer(90);
  }
  c.reply.Bulk("Some real reply following the attribute");
}

void Push(CommandContext& c) {
  if (!IsResp3(c)) return c.reply.Error("ERR RESP2 is not supported by this command");
  c.reply.Push(2);
  c.reply.Bulk("server-cpu-usage");
  c.reply.Integer(42);
  c.reply.Bulk("Some real reply following the push reply");
}

struct Sample {
  std::string_view type;
  void (*write)(CommandContext&);
};

constexpr Sample kSamples[] = {
    {"string", [](CommandContext& c) { c.reply.Bulk("Hello World"); }},
    {"integer", [](CommandContext& c) { c.reply.Integer(12345); }},
    {"double", [](CommandContext& c) { c.reply.Double(3.141); }},
    {"bignum", BigNumber},
    {"null", [](CommandContext& c) { c.reply.Null(); }},
    {"array", SampleArray},
    {"set", SampleSet},
    {"map", SampleMap},
    {"attrib", Attribute},
    {"push", Push},
    {"verbatim", [](CommandContext& c) { c.reply.Verbatim("txt", "This is a verbatim\nstring"); }},
    {"true", [](CommandContext& c) { c.reply.Boolean(true); }},
    {"false", [](CommandContext& c) { c.reply.Boolean(false); }},
};

}  // namespace

void DebugProtocol(CommandContext& c) {
  std::string names;
  for (const Sample& sample : kSamples) {
    if (EqualsIgnoreCase(c.argument(2), sample.type)) return sample.write(c);
    names.append(names.empty() ? "" : "|").append(sample.type);
  }
  c.reply.Error("ERR Wrong protocol type name. Please use one of the following: " + names);
}

}  // namespace strata

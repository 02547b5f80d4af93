// The statements of Quill, for quill.rs: each a function of its own, as macros of C++ cannot be executed in Rust.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "quill/Backend.h"
#include "quill/Frontend.h"
#include "quill/LogMacros.h"
#include "quill/Logger.h"
#include "quill/sinks/ConsoleSink.h"
#include "quill/sinks/FileSink.h"
#include "quill/sinks/JsonSink.h"

#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)

namespace {

quill::Logger* logger = nullptr;

quill::FileSinkConfig new_file() {
  quill::FileSinkConfig config;
  config.set_open_mode('w');
  return config;
}

std::shared_ptr<quill::Sink> console() {
  quill::ConsoleSinkConfig config;
  config.set_stream("stderr");
  config.set_colour_mode(quill::ConsoleSinkConfig::ColourMode::Always);
  return quill::Frontend::create_or_get_sink<quill::ConsoleSink>("console", config);
}

}  // namespace

extern "C" {

// In quill.rs.
void hestia_compare_count_allocation();

char const* quill_peer_compiler() {
#ifdef __clang__
  return "Clang " TEXT(__clang_major__);
#else
  return "GCC " TEXT(__GNUC__) "." TEXT(__GNUC_MINOR__);
#endif
}

std::uint32_t quill_peer_version() { return quill::Version; }

// No path has no file, and no file has the console. What went wrong, if anything did.
char const* quill_peer_set_up(char const* text, char const* json) {
  static std::string trouble;
  try {
    quill::Backend::start();
    std::vector<std::shared_ptr<quill::Sink>> sinks;
    if (text) {
      sinks.push_back(quill::Frontend::create_or_get_sink<quill::FileSink>(text, new_file()));
    }
    if (json) {
      sinks.push_back(quill::Frontend::create_or_get_sink<quill::JsonFileSink>(json, new_file()));
    }
    if (sinks.empty()) {
      sinks.push_back(console());
    }
    // A pattern is for text: where there is none, nothing is formatted by it.
    quill::PatternFormatterOptions pattern;
    if (json && !text) {
      pattern = quill::PatternFormatterOptions{"", "%H:%M:%S.%Qns", quill::Timezone::GmtTime};
    }
    logger = quill::Frontend::create_or_get_logger("compare", std::move(sinks), pattern);
    return nullptr;
  } catch (std::exception const& error) {
    trouble = error.what();
    return trouble.c_str();
  }
}

void quill_peer_arguments(std::uint64_t order, double price, char const* symbol, std::size_t length) {
  LOG_INFO(logger, "order {} price {:.2f} symbol {}", order, price, std::string_view(symbol, length));
}

void quill_peer_constant() { LOG_INFO(logger, "order taken"); }

void quill_peer_fields(std::uint64_t order, double price, char const* text, std::size_t length) {
  std::string_view const symbol(text, length);
  LOGJ_INFO(logger, "order taken", order, price, symbol);
}

void quill_peer_off(std::uint64_t order) { LOG_DEBUG(logger, "order {}", order); }

void quill_peer_flush() { logger->flush_log(); }

// Writes everything first.
void quill_peer_finish() { quill::Backend::stop(); }

}  // extern "C"

// All other forms of `new` come down to these two.
void* operator new(std::size_t size) {
  hestia_compare_count_allocation();
  if (void* place = std::malloc(size)) {
    return place;
  }
  throw std::bad_alloc();
}

void* operator new(std::size_t size, std::align_val_t alignment) {
  hestia_compare_count_allocation();
  auto const step = static_cast<std::size_t>(alignment);
  // A multiple of the alignment is asked for.
  if (void* place = std::aligned_alloc(step, (size + step - 1) / step * step)) {
    return place;
  }
  throw std::bad_alloc();
}

void operator delete(void* place) noexcept { std::free(place); }
void operator delete(void* place, std::size_t) noexcept { std::free(place); }
void operator delete(void* place, std::align_val_t) noexcept { std::free(place); }
void operator delete(void* place, std::size_t, std::align_val_t) noexcept { std::free(place); }

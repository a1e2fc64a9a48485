// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/docker/rfc3339.h"

#include <chrono>
#include <cstdint>

namespace volumeter::docker {
namespace {

namespace chrono = std::chrono;

constexpr int kFirstYear = 1970;
constexpr int kLastYear = 2261;  // the last full year in 64-bit nanoseconds

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Parses a text part by part; once a part is missing, the cursor stays failed.
class Cursor {
 public:
  explicit Cursor(std::string_view rest) : rest_(rest) {}

  int digits(std::size_t count) {
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (i >= rest_.size() || !is_digit(rest_[i])) return fail();
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(count);
    return value;
  }

  bool accept(std::string_view any_of) {
    if (rest_.empty() || any_of.find(rest_.front()) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void expect(std::string_view any_of) {
    if (!accept(any_of)) fail();
  }

  // Decimal digits as nanoseconds; digits after the ninth are ignored.
  chrono::nanoseconds fraction() {
    std::int64_t value = 0;
    std::int64_t unit = 1'000'000'000;
    if (rest_.empty() || !is_digit(rest_.front())) fail();
    for (; !rest_.empty() && is_digit(rest_.front()); rest_.remove_prefix(1)) {
      unit /= 10;
      value += unit * (rest_.front() - '0');
    }
    return chrono::nanoseconds(value);
  }

  int fail() {
    failed_ = true;
    return 0;
  }

  bool at_end() const { return !failed_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

chrono::year_month_day read_date(Cursor& cursor) {
  const chrono::year year(cursor.digits(4));
  cursor.expect("-");
  const chrono::month month(static_cast<unsigned>(cursor.digits(2)));
  cursor.expect("-");
  const chrono::day day(static_cast<unsigned>(cursor.digits(2)));
  return {year, month, day};
}

chrono::nanoseconds read_clock(Cursor& cursor) {
  const int hour = cursor.digits(2);
  cursor.expect(":");
  const int minute = cursor.digits(2);
  cursor.expect(":");
  const int second = cursor.digits(2);
  if (hour > 23 || minute > 59 || second > 60) cursor.fail();  // 60 is a leap second
  const auto fraction = cursor.accept(".") ? cursor.fraction() : chrono::nanoseconds(0);
  return chrono::hours(hour) + chrono::minutes(minute) + chrono::seconds(second) + fraction;
}

chrono::minutes read_offset(Cursor& cursor) {
  if (cursor.accept("Zz")) return chrono::minutes(0);
  const bool west = cursor.accept("-");
  if (!west) cursor.expect("+");
  const int hours = cursor.digits(2);
  cursor.expect(":");
  const int minutes = cursor.digits(2);
  if (hours > 23 || minutes > 59) cursor.fail();
  const chrono::minutes offset = chrono::hours(hours) + chrono::minutes(minutes);
  return west ? -offset : offset;
}

}  // namespace

std::optional<WallTime> parse_rfc3339(std::string_view text) {
  // "2026-05-16 10:00:00.123 +0000 UTC": time.Time.String() of Go, as the engine writes the creation
  // of a cluster volume.
  constexpr std::string_view kGoUtc = " +0000 UTC";
  const bool is_go = text.ends_with(kGoUtc);
  if (is_go) text.remove_suffix(kGoUtc.size());
  Cursor cursor(text);
  const auto date = read_date(cursor);
  cursor.expect(is_go ? " " : "Tt");
  const auto clock = read_clock(cursor);
  const auto offset = is_go ? chrono::minutes(0) : read_offset(cursor);
  if (!cursor.at_end() || !date.ok()) return {};
  if (int(date.year()) < kFirstYear || int(date.year()) > kLastYear) return {};
  return WallTime(chrono::duration_cast<WallTime::duration>(
      chrono::sys_days(date).time_since_epoch() + clock - offset));
}

}  // namespace volumeter::docker

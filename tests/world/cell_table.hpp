/// Cells of a table, one JSON object a line.
#pragma once

#include "json.hpp"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace world {

class table {
public:
  table(std::string name, std::vector<std::string>& into) : name_(std::move(name)), out_(into) {}

  void count(const std::string& row, const std::string& column, std::size_t n) {
    out_.push_back(start(row, column).number("n", n).close());
  }
  void value(const std::string& row, const std::string& column, const std::string& json) {
    out_.push_back(start(row, column).add("value", json).close());
  }

private:
  json_text start(const std::string& row, const std::string& column) {
    auto cell = object();
    cell.text("table", name_).text("row", row).text("column", column);
    return cell;
  }
  std::string name_;
  std::vector<std::string>& out_;
};

} // namespace world

#include "ctl/lookup/show.h"

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

namespace sqlmap::lookup {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kMostListed = 50;
constexpr std::size_t kMostDiffering = 5;

std::string Milliseconds(std::chrono::nanoseconds took) {
  char text[32];
  (void)std::snprintf(text, sizeof text, "%.2f ms", static_cast<double>(took.count()) / 1e6);
  return text;
}

std::string TextOf(const std::string& text) { return Printable(text, 200); }
std::string TextOf(std::uint32_t number) { return std::to_string(number); }

template <class List>
std::string ListOf(const List& list, std::size_t most) {
  std::string text;
  for (std::size_t i = 0; i < std::min(list.size(), most); ++i)
    text += (i == 0 ? "" : ", ") + TextOf(list[i]);
  if (list.size() > most) text += ", ... (" + std::to_string(list.size()) + " in all)";
  return text;
}

std::string LabelOf(std::string_view field) {
  return field == "gids" ? "groups" : std::string(field);
}

std::string GroupText(Gid gid, const std::map<Gid, std::string>& names) {
  const auto name = names.find(gid);
  return TextOf(gid) + (name == names.end() ? "" : " (" + TextOf(name->second) + ")");
}

std::string ValueText(const Field& field, const std::map<Gid, std::string>& names) {
  if (const auto* const text = std::get_if<std::string>(&field.value)) return TextOf(*text);
  if (const auto* const texts = std::get_if<Texts>(&field.value))
    return ListOf(*texts, kMostListed);
  if (const auto* const ids = std::get_if<Ids>(&field.value)) {
    Texts texts;
    for (const Gid gid : *ids) texts.push_back(GroupText(gid, names));
    return ListOf(texts, kMostListed);
  }
  const std::uint32_t number = std::get<std::uint32_t>(field.value);
  return field.name == "gid" ? GroupText(number, names) : TextOf(number);
}

// Of lists, which may be long: how many, and those that not everybody has.
template <class List>
std::string Beyond(const List& list, const Difference& difference) {
  List common = list;
  for (const Difference::Side& side : difference.sides) {
    List both;
    std::ranges::set_intersection(common, std::get<List>(side.value), std::back_inserter(both));
    common = std::move(both);
  }
  List own;
  std::ranges::set_difference(list, common, std::back_inserter(own));
  std::string text = std::to_string(list.size());
  if (!own.empty()) text += ", with " + ListOf(own, kMostDiffering);
  return text;
}

std::string SideText(const Value& value, const Difference& difference) {
  if (const auto* const texts = std::get_if<Texts>(&value)) return Beyond(*texts, difference);
  if (const auto* const ids = std::get_if<Ids>(&value)) return Beyond(*ids, difference);
  const auto* const text = std::get_if<std::string>(&value);
  if (text == nullptr) return TextOf(std::get<std::uint32_t>(value));
  return text->empty() ? "(empty)" : TextOf(*text);
}

TableCell AnswerCell(const Sighting& sighting) {
  if (!sighting.asked) return {"not asked", Tone::kFaint};
  if (sighting.answer.found()) return {"found", Tone::kGood};
  if (sighting.answer.absent()) return {"absent"};
  return {"no answer", Tone::kWarning};
}

ordered_json ToJson(const Value& value) {
  return std::visit([](const auto& plain) { return ordered_json(plain); }, value);
}

ordered_json ToJson(const Record& record) {
  ordered_json json = ordered_json::object();
  for (const Field& field : record) json[std::string(field.name)] = ToJson(field.value);
  return json;
}

std::string_view WordFor(const Sighting& sighting) {
  if (!sighting.asked) return "not_asked";
  if (sighting.answer.found()) return "found";
  return sighting.answer.absent() ? "absent" : "unavailable";
}

std::string_view KeyOf(Witness witness) {
  return witness == Witness::kNss ? "nss" : NameOf(witness);
}

}  // namespace

void Show(const Question& question, const Testimony& testimony, const Explanation& explanation,
          Screen& screen) {
  const Sighting& nss = testimony.sightings.front();
  if (nss.answer.found()) {
    Table record;
    for (const Field& field : nss.record) {
      record.Add({{LabelOf(field.name), Tone::kFaint}, ValueText(field, testimony.groups)});
    }
    screen.Lines(record);
  } else {
    const std::string kind = question.kind == Kind::kGroup ? "group " : "user ";
    const std::string asked = question.id ? TextOf(*question.id) : TextOf(question.name);
    screen.Line(nss.answer.absent() ? "NSS knows no " + kind + asked + "."
                                    : "NSS cannot say who " + kind + asked + " is.",
                Tone::kBad);
  }
  screen.Line("");

  Table table({"ASKED", "ANSWER", "TOOK"});
  for (const Sighting& sighting : testimony.sightings) {
    std::string note = sighting.why;
    if (sighting.witness == Witness::kNss && !explanation.from.empty())
      note = "from " + explanation.from;
    table.Add({std::string(NameOf(sighting.witness)), AnswerCell(sighting),
               sighting.asked ? Milliseconds(sighting.took) : std::string(), note});
  }
  screen.Lines(table);

  if (!explanation.differences.empty()) {
    screen.Line("");
    Table differences({"FIELD", "VALUE", "SAYS"});
    for (const Difference& difference : explanation.differences) {
      std::string field = LabelOf(difference.field);
      for (const Difference::Side& side : difference.sides) {
        std::string who;
        for (const Witness witness : side.witnesses)
          who.append(who.empty() ? "" : ", ").append(NameOf(witness));
        differences.Add(
            {std::string(field), {SideText(side.value, difference), Tone::kWarning}, who});
        field.clear();
      }
    }
    screen.Lines(differences);
  }

  if (!explanation.meanings.empty() || !testimony.remarks.empty()) screen.Line("");
  for (const Meaning& meaning : explanation.meanings)
    screen.Line(Printable(meaning.text), Tone::kWarning);
  for (const std::string& remark : testimony.remarks) screen.Line(remark, Tone::kWarning);
}

ordered_json ToJson(const Question& question, const Testimony& testimony,
                    const Explanation& explanation) {
  const Sighting& nss = testimony.sightings.front();
  ordered_json json;
  if (question.id) {
    json["asked"] = {{question.kind == Kind::kGroup ? "gid" : "uid", *question.id}};
  } else {
    json["asked"] = {{"name", question.name}};
  }
  json["answer"] = WordFor(nss);
  json["record"] = nss.answer.found() ? ToJson(nss.record) : ordered_json();
  json["from"] = explanation.from.empty() ? ordered_json() : ordered_json(explanation.from);
  json["group_names"] = ordered_json::object();
  for (const auto& [gid, name] : testimony.groups) json["group_names"][std::to_string(gid)] = name;
  json["sources"] = ordered_json::array();
  for (const Sighting& sighting : testimony.sightings) {
    ordered_json source;
    source["source"] = KeyOf(sighting.witness);
    source["answer"] = WordFor(sighting);
    source["why"] = sighting.why.empty() ? ordered_json() : ordered_json(sighting.why);
    source["nanoseconds"] = sighting.asked ? ordered_json(sighting.took.count()) : ordered_json();
    source["record"] = sighting.answer.found() ? ToJson(sighting.record) : ordered_json();
    json["sources"].push_back(std::move(source));
  }
  json["differences"] = ordered_json::array();
  for (const Difference& difference : explanation.differences) {
    ordered_json values = ordered_json::array();
    for (const Difference::Side& side : difference.sides) {
      ordered_json who = ordered_json::array();
      for (const Witness witness : side.witnesses) who.push_back(KeyOf(witness));
      values.push_back({{"value", ToJson(side.value)}, {"sources", std::move(who)}});
    }
    json["differences"].push_back({{"field", difference.field}, {"values", std::move(values)}});
  }
  json["meanings"] = ordered_json::array();
  for (const Meaning& meaning : explanation.meanings)
    json["meanings"].push_back({{"code", meaning.code}, {"text", meaning.text}});
  json["remarks"] = testimony.remarks;
  return json;
}

}  // namespace sqlmap::lookup

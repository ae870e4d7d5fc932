#include "http/http_head.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace hangar {
namespace {

using Kind = HttpFraming::Kind;

std::string posted(const std::string& lines) {
  return "POST /p?q HTTP/1.1\r\nHost: h\r\n" + lines + "\r\n";
}

TEST(HttpHead, request_has_a_method_a_target_and_a_size) {
  const std::string text = posted("X: 1\r\n");
  const std::string with_body = text + "body";
  const HttpHead head = read_request_head(with_body);
  EXPECT_EQ(head.problem, "");
  EXPECT_EQ(head.size, text.size());
  EXPECT_EQ(head.method, "POST");
  EXPECT_EQ(head.target, "/p?q");
  EXPECT_EQ(head.path(), "/p");
  EXPECT_TRUE(head.keep_alive);
  for (std::size_t size = 0; size < text.size(); ++size) {
    const HttpHead part = read_request_head(std::string_view{text}.substr(0, size));
    EXPECT_EQ(part.size, 0U) << size;
    EXPECT_EQ(part.problem, "") << size;
  }
}

TEST(HttpHead, body_of_a_request_has_one_end) {
  const std::vector<std::pair<std::string, Kind>> cases{
      {"", Kind::none},
      {"Content-Length: 5\r\n", Kind::length},
      {"content-length:\t5 \r\n", Kind::length},
      {"TRANSFER-ENCODING: Chunked\r\n", Kind::chunked},
  };
  for (const auto& [lines, kind] : cases) {
    const std::string text = posted(lines);
    const HttpHead head = read_request_head(text);
    EXPECT_EQ(head.problem, "") << lines;
    EXPECT_EQ(head.framing.kind, kind) << lines;
    EXPECT_EQ(head.framing.length, kind == Kind::length ? 5U : 0U);
  }
}

TEST(HttpHead, what_two_readers_could_take_for_two_things_is_a_problem) {
  const std::vector<std::string> cases{
      posted("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
      posted("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"),
      posted("Content-Length: 5\r\nContent-Length: 5\r\n"),
      posted("Content-Length: 5, 5\r\n"),
      posted("Content-Length: +5\r\n"),
      posted("Content-Length: -5\r\n"),
      posted("Content-Length: 0x5\r\n"),
      posted("Content-Length: \r\n"),
      posted("Content-Length: 99999999999999999999\r\n"),
      posted("Content-Length : 5\r\n"),
      posted(" Content-Length: 5\r\n"),
      posted("X: 1\r\n folded\r\n"),
      posted("X: 1\r\n\tfolded\r\n"),
      posted("Content-Length\r\n"),
      posted(": 5\r\n"),
      posted("Content_Length\v: 5\r\n"),
      posted("X: a\rContent-Length: 5\r\n"),
      posted(std::string{"X: a\0b\r\n", 8}),
      posted("X: 1\nContent-Length: 5\r\n"),
      posted("Host: other\r\n"),
      posted("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
      posted("Transfer-Encoding: identity\r\n"),
      posted("Transfer-Encoding: gzip, chunked\r\n"),
      posted("Transfer-Encoding: chunked, chunked\r\n"),
      posted("Transfer-Encoding: xchunked\r\n"),
      posted("Transfer-Encoding: \x0b"
             "chunked\r\n"),
      posted("Transfer-Encoding:\r\n"),
      "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
      "POST / HTTP/1.1\nHost: h\n\n",
      "POST / HTTP/1.1 \r\n\r\n",
      "POST  / HTTP/1.1\r\n\r\n",
      "POST /a b HTTP/1.1\r\n\r\n",
      "POST / HTTP/2.0\r\n\r\n",
      "POST /\r\n\r\n",
      " POST / HTTP/1.1\r\n\r\n",
      "P(ST / HTTP/1.1\r\n\r\n",
      "CONNECT h:1 HTTP/1.1\r\n\r\n",
      "\x16\x03\x01",
  };
  for (const std::string& text : cases) EXPECT_NE(read_request_head(text).problem, "") << text;
}

TEST(HttpHead, connection_goes_on_as_its_headers_say) {
  struct Case {
    std::string version, lines;
    bool keep_alive;
    bool upgrade = false;
  };
  const std::vector<Case> cases{
      {"1.1", "", true},
      {"1.0", "", false},
      {"1.0", "Connection: Keep-Alive\r\n", true},
      {"1.1", "Connection: x\r\nConnection: y, Close\r\n", false},
      {"1.1", "Connection: closed\r\n", true},
      {"1.1", "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n", true, true},
      {"1.1", "Upgrade: websocket\r\n", true, false},
      {"1.1", "Connection: upgrade\r\n", true, false},
  };
  for (const Case& each : cases) {
    const std::string text = "GET / HTTP/" + each.version + "\r\n" + each.lines + "\r\n";
    const HttpHead head = read_request_head(text);
    EXPECT_EQ(head.problem, "");
    EXPECT_EQ(head.keep_alive, each.keep_alive) << text;
    EXPECT_EQ(head.upgrade, each.upgrade) << text;
  }
}

TEST(HttpHead, body_of_an_answer_ends_as_its_status_and_headers_say) {
  struct Case {
    std::string text;
    Kind kind;
    bool to_head = false;
  };
  const std::vector<Case> cases{
      {"200 OK\r\nContent-Length: 3\r\n", Kind::length},
      {"200 OK\r\nContent-Length: 3\r\n", Kind::none, true},
      {"200\r\nTransfer-Encoding: chunked\r\n", Kind::chunked},
      {"404 \r\n", Kind::until_close},
      {"204 No\r\n", Kind::none},
      {"304 No\r\nContent-Length: 3\r\n", Kind::none},
      {"100 Continue\r\n", Kind::none},
      {"101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n", Kind::none},
  };
  for (const Case& each : cases) {
    const std::string text = "HTTP/1.1 " + each.text + "\r\n";
    const HttpHead head = read_answer_head(text, each.to_head);
    EXPECT_EQ(head.problem, "") << text;
    EXPECT_EQ(head.size, text.size());
    EXPECT_EQ(head.framing.kind, each.kind) << text;
    EXPECT_EQ(head.keep_alive, each.kind != Kind::until_close) << text;
  }
  for (const char* text : {"HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 2000\r\n\r\n", "HTTP/2 200\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n"}) {
    EXPECT_NE(read_answer_head(text, false).problem, "") << text;
  }
}

TEST(HttpHead, way_that_a_request_came_is_told_by_this_host_alone) {
  const std::string begin = "GET / HTTP/1.1\r\n";
  const std::string end =
      "X-Forwarded-For: ::1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: h:1\r\n\r\n";
  const std::string kept = "hOST:  h:1 \r\nX-Forwarded: x\r\nA:b\r\n";
  const std::string claimed =
      "X-Forwarded-For: 1.2.3.4\r\nx-forwarded-PROTO: http\r\nX-Forwarded-Host: evil\r\n"
      "X-Forwarded-Port: 1\r\nForwarded: for=1.2.3.4\r\n";
  EXPECT_EQ(forwarded_head(begin + claimed + kept + "\r\n", "::1"), begin + kept + end);
  EXPECT_EQ(forwarded_head(begin + kept + claimed + "\r\n", "::1"), begin + kept + end);
  EXPECT_EQ(forwarded_head(begin + "\r\n", "a"),
            begin + "X-Forwarded-For: a\r\nX-Forwarded-Proto: https\r\n\r\n");
}

/// How much of the bytes is body, when they come in pieces of this size; none when they are wrong.
std::size_t body_of(std::string_view bytes, std::size_t piece) {
  HttpBodyEnd end{{Kind::chunked, 0}};
  std::size_t taken = 0;
  while (taken < bytes.size() && !end.reached() && !end.wrong()) {
    taken += end.take(bytes.substr(taken, piece));
  }
  return end.reached() ? taken : 0;
}

TEST(HttpHead, chunks_end_where_the_last_one_does) {
  const std::vector<std::string> bodies{
      "0\r\n\r\n",
      "5\r\nhello\r\n0\r\n\r\n",
      "005;name=\"a;b\"\r\nhello\r\nA\r\n0123456789\r\n0\r\nX: 1\r\nY: 2\r\n\r\n",
      "a\r\n\r\n0\r\n\r\n\r\n\n\r\n0\r\n\r\n",
  };
  for (const std::string& body : bodies) {
    for (std::size_t piece = 1; piece <= body.size(); ++piece) {
      EXPECT_EQ(body_of(body + "GET / HTTP/1.1\r\n", piece), body.size()) << body << piece;
    }
  }
}

TEST(HttpHead, chunks_of_another_form_are_wrong) {
  for (const std::string text :
       {"5\nhello\r\n0\r\n\r\n", "5\r\nhello\n0\r\n\r\n", "5\r\nhello!\r\n0\r\n\r\n",
        "5 \r\nhello\r\n", " 5\r\nhello\r\n", "-5\r\nhello", "0x5\r\nhello\r\n", "\r\n", ";a\r\n",
        "+5\r\n", "5;a\nb\r\nhello\r\n", "5\r\rhello", "0\r\n\n", "0\r\nX: 1\n\r\n", "0\r\n\rX",
        "1000000000000000\r\n"}) {
    for (std::size_t piece = 1; piece <= text.size(); ++piece) {
      HttpBodyEnd end{{Kind::chunked, 0}};
      std::size_t taken = 0;
      while (taken < text.size() && !end.wrong() && !end.reached()) {
        taken += end.take(std::string_view{text}.substr(taken, piece));
      }
      EXPECT_TRUE(end.wrong()) << text;
    }
  }
}

TEST(HttpHead, text_between_chunks_is_bounded) {
  const std::string extension(100, 'x');
  std::string body;
  for (int i = 0; i < 200; ++i) body += "1;" + extension + "\r\na\r\n";
  HttpBodyEnd end{{Kind::chunked, 0}};
  static_cast<void>(end.take(body));
  EXPECT_TRUE(end.wrong());
}

TEST(HttpHead, bodies_of_a_length_end_there_and_others_with_the_connection) {
  HttpBodyEnd five{{Kind::length, 5}};
  EXPECT_EQ(five.take("abc"), 3U);
  EXPECT_FALSE(five.reached());
  EXPECT_EQ(five.take("defg"), 2U);
  EXPECT_TRUE(five.reached());
  EXPECT_TRUE(HttpBodyEnd({Kind::length, 0}).reached());
  EXPECT_TRUE(HttpBodyEnd(HttpFraming{}).reached());
  HttpBodyEnd open{{Kind::until_close, 0}};
  EXPECT_EQ(open.take("abc"), 3U);
  EXPECT_FALSE(open.reached());
}

}  // namespace
}  // namespace hangar

// The one copy of Asio's code, and so of its thread context, in the process.
#define BOOST_ASIO_SOURCE
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>

// A reference to a callable for the length of a call: two words, no allocation, no RTTI.
#ifndef SQLMAP_COMMON_ACCOUNT_FUNCTION_REF_H_
#define SQLMAP_COMMON_ACCOUNT_FUNCTION_REF_H_

#include <memory>
#include <type_traits>
#include <utility>

namespace sqlmap {

template <class Signature>
class FunctionRef;

// The callable must outlive the FunctionRef: take it as an argument, never keep it.
template <class Result, class... Arguments>
class FunctionRef<Result(Arguments...)> {
 public:
  template <class Callable>
  requires(!std::is_same_v<std::remove_cvref_t<Callable>, FunctionRef>)
      FunctionRef(Callable&& callable)  // NOLINT(google-explicit-constructor): a parameter type
      : object_(const_cast<void*>(static_cast<const void*>(std::addressof(callable)))),
        call_([](void* object, Arguments... arguments) -> Result {
          return (*static_cast<std::remove_reference_t<Callable>*>(object))(
              std::forward<Arguments>(arguments)...);
        }) {}

  Result operator()(Arguments... arguments) const {
    return call_(object_, std::forward<Arguments>(arguments)...);
  }

 private:
  void* object_;
  Result (*call_)(void*, Arguments...);
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_ACCOUNT_FUNCTION_REF_H_

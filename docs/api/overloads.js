// For TypeDoc: overloads share the docs of the first one, and what is within a type (`(a, b) => c`) needs none of its own.
import { Comment, Converter, ReflectionKind } from "typedoc";

const { CallSignature, Function: fn, Method, Parameter, Property } = ReflectionKind;

export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const { signatures = [] } of project.getReflectionsByKind(Method | fn)) {
      const [first, ...others] = signatures;
      for (const other of others) other.comment ??= first?.comment?.clone();
    }
  });
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => {
    for (const each of project.getReflectionsByKind(CallSignature | Parameter | Property)) {
      if (each.getFullName().includes(".__type.")) each.comment ??= new Comment([{ kind: "text", text: " " }]);
    }
  });
}

/** A type without `readonly`, for a function that builds a value field by field and returns it as read-only. */
export type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** For the function that puts a value together field by field, before it lets go of it as read-only. */
export type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

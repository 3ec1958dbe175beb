/** Tells password managers whose password a form asks for. */
export function UsernameField({ email }: { email: string }) {
  return (
    <input
      aria-hidden="true"
      autoComplete="username"
      className="visually-hidden"
      readOnly
      tabIndex={-1}
      type="email"
      value={email}
    />
  );
}

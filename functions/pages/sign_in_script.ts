/**
 * The sign-in's script: takes a token from behind the `#` of a ready link, out of the address.
 *
 * What follows a `#` is sent to no server, so it is in no log.
 *
 * @module
 */
export const signInScript = `
const form = document.querySelector("form");
const signIn = () => {
  const token = location.hash.slice(1);
  if (!token) return;
  history.replaceState(null, "", location.pathname + location.search);
  form.elements.token.value = decodeURIComponent(token);
  form.requestSubmit();
};
addEventListener("hashchange", signIn);
signIn();
`;

// Logging in and out. A second factor is asked for only when Lodger asks for it.
import { logIn, logOut, whoAmI } from "./api.js";
import { at } from "./dom.js";

/** Shows the form until somebody is logged in; then calls `begin` with them. */
export async function enter(begin, trouble) {
  const user = await whoAmI();
  at("log-in-view").hidden = user !== null;
  at("who").hidden = user === null;
  if (user === null) {
    at("email").focus();
    return;
  }
  at("who-name").textContent = user.username ?? user.name ?? "";
  await begin(user);
}

export function listen(begin, trouble) {
  at("log-in").addEventListener("submit", async (event) => {
    event.preventDefault();
    trouble(null);
    try {
      await logIn(shown());
      at("log-in").reset();
      at("second").hidden = true;
      await enter(begin, trouble);
    } catch (refused) {
      if (refused.code === "second-factor-required") return askForCode();
      at(refused.code === "code-wrong" ? "code" : "password").select();
      trouble(refused);
    }
  });
  at("log-out").addEventListener("click", async () => {
    try {
      await logOut();
    } finally {
      location.assign(location.pathname);
    }
  });
}

function shown() {
  const given = { email: at("email").value, password: at("password").value };
  const code = at("code").value.trim();
  if (at("second").hidden || !code) return given;
  return /^[0-9]{6}$/.test(code) ? { ...given, code } : { ...given, recovery_code: code };
}

function askForCode() {
  at("second").hidden = false;
  at("code").required = true;
  at("code").focus();
}

// Logging in and out. A second factor is asked for only when Lodger asks for it.
import { logIn, logOut, whoAmI } from "./api.js";
import { at } from "./dom.js";

/** Shows the form until somebody is logged in; then calls `begin`. */
export async function enter(begin) {
  const user = await whoAmI();
  if (user === null) return ask();
  at("log-in-view").hidden = true;
  at("who").hidden = false;
  at("who-name").textContent = user.username;
  await begin();
}

/** Asks who is there, also when a session has ended in between. */
export function ask() {
  for (const view of ["who", "find-view", "booking-view"]) at(view).hidden = true;
  at("log-in-view").hidden = false;
  at("email").focus();
}

export function listen(begin, trouble) {
  at("log-in").addEventListener("submit", async (event) => {
    event.preventDefault();
    trouble(null);
    try {
      await logIn(shown());
      at("log-in").reset();
      at("second").hidden = true;
      at("code").required = false;
    } catch (refused) {
      if (refused.code === "second-factor-required") return askForCode();
      at(refused.code === "code-wrong" ? "code" : "password").select();
      return trouble(refused);
    }
    await enter(begin).catch(trouble);
  });
  at("log-out").addEventListener("click", async () => {
    await logOut().catch(trouble);
    location.assign(location.pathname);
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

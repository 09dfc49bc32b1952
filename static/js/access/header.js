// The way out, in the header of every page of somebody who is signed in.

const button = document.getElementById("sign-out");

button?.addEventListener("click", async () => {
  await fetch("/api/v1/session", { method: "DELETE" }).catch(() => {});
  window.location.assign("/signin");
});

// Where one is in the app: a page's name and what it is about, kept behind the address' "#" so that the phone's back works.
export interface Route {
  page: string;
  id?: string;
}

export function parseRoute(hash: string): Route {
  const [page, id] = hash.replace(/^#\/?/, "").split("/");
  const r: Route = { page: page || "home" };
  if (id) r.id = decodeURIComponent(id);
  return r;
}

export function formatRoute(r: Route): string {
  return "#/" + r.page + (r.id === undefined ? "" : "/" + encodeURIComponent(r.id));
}

// Which platform is the nearest. The position is asked for when somebody taps, and from then on as long as that is allowed; it is
// used here, and neither sent nor kept.
import type { Platform } from "../api/types.js";
import { Refused } from "./refused.js";

const EARTH = 6371; // km

export interface Position {
  lat: number;
  lon: number;
}

// Kilometres on the sphere, good to half a percent.
export function distance(a: Position, b: Position): number {
  const rad = (d: number): number => (d * Math.PI) / 180;
  const h = Math.sin(rad(b.lat - a.lat) / 2) ** 2 + Math.cos(rad(a.lat)) * Math.cos(rad(b.lat)) * Math.sin(rad(b.lon - a.lon) / 2) ** 2;
  return 2 * EARTH * Math.asin(Math.min(1, Math.sqrt(h)));
}

export function nearestFirst(all: Platform[], here: Position): [Platform, number][] {
  return all.map((p): [Platform, number] => [p, distance(here, p)]).sort((a, b) => a[1] - b[1]);
}

export function locate(): Promise<Position> {
  return new Promise((done, fail) => {
    if (!("geolocation" in navigator)) {
      fail(new Refused("no-position"));
      return;
    }
    navigator.geolocation.getCurrentPosition(
      (p) => done({ lat: p.coords.latitude, lon: p.coords.longitude }),
      (e) => fail(new Refused(e.code === e.PERMISSION_DENIED ? "position-denied" : "no-position")),
      { enableHighAccuracy: false, timeout: 15_000, maximumAge: 600_000 },
    );
  });
}

// The nearest one where the position may be known already: nobody is asked anything, and whoever cannot be told chooses by hand.
export async function nearestWhereAllowed(platforms: () => Promise<Platform[]>): Promise<Platform | undefined> {
  try {
    const { state } = await navigator.permissions.query({ name: "geolocation" });
    return state === "granted" ? nearestFirst(await platforms(), await locate())[0]?.[0] : undefined;
  } catch {
    return undefined;
  }
}

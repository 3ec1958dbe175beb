import { useEffect, useRef, useState } from "react";

/** Whether an element has come into sight, for what is read only then. `isWanted` begins to watch it. */
export function useNear<Place extends HTMLElement>(isWanted = true) {
  const place = useRef<Place>(null);
  const [isNear, setNear] = useState(false);
  useEffect(() => {
    if (!place.current || !isWanted) return;
    const observer = new IntersectionObserver(([entry]) => {
      if (entry?.isIntersecting) setNear(true);
    });
    observer.observe(place.current);
    return () => observer.disconnect();
  }, [isWanted]);
  return { place, isNear };
}

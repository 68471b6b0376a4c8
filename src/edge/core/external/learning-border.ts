import { type Border } from '../../border/border.ts';
import { type RouteMemory } from './route-memory.ts';

/** A border where what the core says of its Route sets is remembered as it passes to a WIC. */
export function learningBorder(border: Border, routes: RouteMemory): Border {
  return {
    requestFromWic: (...message) => {
      border.requestFromWic(...message);
    },
    requestToCore: (...message) => {
      border.requestToCore(...message);
    },
    requestToWic: (headers, hop, from) => {
      routes.learnFromRequest(headers, from);
      border.requestToWic(headers, hop, from);
    },
    responseFromWic: (...message) => {
      border.responseFromWic(...message);
    },
    responseToWic: (response, request, hop, from) => {
      routes.learnFromResponse(response, request, from);
      border.responseToWic(response, request, hop, from);
    },
  };
}

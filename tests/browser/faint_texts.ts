/**
 * What people with weak eyes, or in the sun, could not read.
 *
 * @module
 */

/** Run in a page: the texts whose contrast is below 4.5 to 1, where WCAG AA wants more. */
export const faintTexts = `(() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const light = (color) => [...rgba(color)].slice(0, 3).map((part) => part / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
  const paper = (element) => {
    const color = getComputedStyle(element).backgroundColor;
    return rgba(color)[3] > 0 || !element.parentElement ? color : paper(element.parentElement);
  };
  return [...document.querySelectorAll("body *")].filter((element) =>
    element.checkVisibility() &&
    [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim())
  ).filter((element) => {
    const [one, other] = [light(getComputedStyle(element).color), light(paper(element))];
    return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05) < 4.5;
  }).map((element) => element.outerHTML.slice(0, 120));
})()`;

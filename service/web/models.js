// Which model fills, where the service has several; remembered as long as the tab is open.
const KEPT = 'inpaint-model';
const field = () => document.querySelector('#settings [name=model]');

/** Offer models by name, the service's own choice first. */
export function offerModels(names) {
  const select = field();
  select.disabled = names.length < 2;
  select.closest('label').hidden = select.disabled;
  select.replaceChildren(...names.map((name) => new Option(name)));
  const kept = remembered();
  if (names.includes(kept)) select.value = kept;
  select.addEventListener('change', () => remember(select.value));
}

// Where the browser keeps no data of sites, as much as naming the storage throws.
function remembered() {
  try {
    return sessionStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

function remember(name) {
  try {
    sessionStorage.setItem(KEPT, name);
  } catch {
    // The choice holds until the page is loaded again.
  }
}

/** The name of the one that is chosen; undefined where there is no choice. */
export function chosenModel() {
  return field().disabled ? undefined : field().value;
}

// Shows the reference with the service's own address in it, and mends what it does not tell assistive technology.
const base = new URL('.', location.href).href.replace(/\/$/, '');

const mend = () => {
  const each = (selector, change) => document.querySelectorAll(selector).forEach(change);
  each('button[role="none"]', (button) => button.removeAttribute('role'));
  // Fields that are called comboboxes have no list that could open.
  each('[role="combobox"]:not([aria-expanded])', (field) => field.setAttribute('role', 'textbox'));
  each('button[aria-hidden="true"]:not([tabindex="-1"])', (sentinel) => { sentinel.tabIndex = -1; });
  each('.cm-scroller:not([tabindex="0"]), code.custom-scroll:not([tabindex])', (area) => { area.tabIndex = 0; });
  each('.cm-content:not([aria-label])', (area) => area.setAttribute('aria-label', 'Body'));
  each('[aria-controls]', (element) => {
    if (!document.getElementById(element.getAttribute('aria-controls'))) element.removeAttribute('aria-controls');
  });
};

let waiting = false;
new MutationObserver(() => {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    mend();
  });
}).observe(document.body, {
  childList: true,
  subtree: true,
  attributes: true,
  attributeFilter: ['role', 'aria-controls', 'aria-expanded', 'tabindex'],
});

const show = async () => {
  const response = await fetch(`${base}/docs/reference.json`);
  if (!response.ok) throw new Error(`the service answered ${response.status}`);
  const reference = JSON.parse((await response.text()).replaceAll('http://127.0.0.1:8080', () => base));
  reference.servers = [{ url: base }];
  Scalar.createApiReference('#reference', {
    content: reference,
    // Nothing comes from elsewhere, nothing is sent elsewhere, and nothing of what is entered is kept.
    withDefaultFonts: false,
    telemetry: false,
    proxyUrl: '',
    persistAuth: false,
    agent: { disabled: true },
    mcp: { disabled: true },
    showDeveloperTools: 'never',
    hideClientButton: true,
    hiddenClients: true,
    hideModels: true,
    defaultOpenAllTags: true,
    documentDownloadType: 'none',
    authentication: { preferredSecurityScheme: 'token' },
  });
};

show().catch((error) => {
  const place = document.querySelector('#reference');
  place.classList.add('plain');
  place.innerHTML = document.querySelector('noscript').textContent;
  place.prepend(`The page could not be shown: ${error.message}. Load it again, or read on without it.`);
});

// Days are counted at noon of universal time, so that no clock change moves them.
const written = (options) => {
  const format = new Intl.DateTimeFormat(lang, { calendar: "gregory", timeZone: "UTC", ...options });
  return (day) => format.format(day);
};
const inFull = written({ weekday: "long", day: "numeric", month: "long", year: "numeric" });
const now = new Date();
const today = new Date(Date.UTC(now.getFullYear(), now.getMonth(), now.getDate(), 12));
const later = (day, days) => new Date(day.getTime() + days * 864e5);
const iso = (day) => day.toISOString().slice(0, 10);

//! Files of people: reads and writes CSV as spreadsheets do.

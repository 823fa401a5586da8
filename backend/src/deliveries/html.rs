//! The HTML part of a mail: plain, readable in a dark program, and nothing is loaded from anywhere.

use html_escape::encode_quoted_attribute;

/// What a mail says.
#[derive(Debug)]
pub(super) struct Content<'a> {
    pub(super) title: &'a str,
    pub(super) text: &'a str,
    /// Where to read more.
    pub(super) url: &'a str,
    /// Where to choose what one is told.
    pub(super) choices_url: &'a str,
}

impl Content<'_> {
    /// As plain text.
    pub(super) fn plain(&self) -> String {
        let Self { title, text, url, choices_url } = self;
        format!(
            "{title}\n\n{text}\n\nOpen it in Strata: {url}\n\n-- \nNo vote can be given by mail. Choose what you are told: {choices_url}\n"
        )
    }

    /// As HTML, in which what people wrote is text alone, between tags as in attributes; colours are left to the reader's program, save the link's underline that it has anyway.
    pub(super) fn html(&self) -> String {
        let [title, text, url, choices_url] =
            [self.title, self.text, self.url, self.choices_url].map(encode_quoted_attribute);
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n</head>\n\
             <body style=\"font-family: system-ui, sans-serif; font-size: 16px; line-height: 1.5; max-width: 40em\">\n\
             <h1 style=\"font-size: 18px\">{title}</h1>\n<p>{text}</p>\n\
             <p><a href=\"{url}\">Open it in Strata</a></p>\n<hr>\n\
             <p style=\"font-size: 13px\">No vote can be given by mail. \
             <a href=\"{choices_url}\">Choose what you are told</a>.</p>\n</body>\n</html>\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_wrote_is_no_html() {
        let content = Content {
            title: "production #1 “<script>alert(1)</script>”",
            text: "Ada & Co said \"no\"",
            url: "https://strata.example.net/changes/1?a=1&b='2'",
            choices_url: "https://strata.example.net/settings/notifications",
        };
        let html = content.html();
        assert!(!html.contains("<script>") && html.contains("&lt;script&gt;"));
        assert!(html.contains("Ada &amp; Co said &quot;no&quot;"));
        assert!(html.contains("href=\"https://strata.example.net/changes/1?a=1&amp;b=&#x27;2&#x27;\""));
        assert!(content.plain().contains("Ada & Co said \"no\""));
    }
}

//! Where metrics are served: `HOST:PORT`, or a port alone, which means this machine only.

use std::fmt;
use std::str::FromStr;

/// A host and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// A name or an address, without brackets.
    pub host: String,
    /// 0 for any that is free.
    pub port: u16,
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Address, String> {
        let (host, port) = text.rsplit_once(':').unwrap_or(("", text));
        let port = port.parse().map_err(|_| format!("{text:?} does not end with a port, 0 to 65535"))?;
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let host = match bare {
            Some(host) if host.parse::<std::net::Ipv6Addr>().is_ok() => host,
            None if host.is_empty() => "127.0.0.1",
            None if host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-')) => host,
            _ => return Err(format!("{host:?} is no host; an IPv6 address needs brackets: [::1]:{port}")),
        };
        Ok(Address { host: host.to_owned(), port })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_alone_means_this_machine_only() {
        let shown = |text: &str| text.parse::<Address>().map(|address| address.to_string());
        assert_eq!(shown("9464").unwrap(), "127.0.0.1:9464");
        assert_eq!(shown(":9464").unwrap(), "127.0.0.1:9464");
        assert_eq!(shown("0.0.0.0:9464").unwrap(), "0.0.0.0:9464");
        assert_eq!(shown("[::]:0").unwrap(), "[::]:0");
        assert_eq!(shown("metrics.example:1").unwrap(), "metrics.example:1");
        for wrong in ["", ":", "host", "host:", "1.2.3.4:70000", "::1:80", "[x]:80", "a b:80", "h/x:80", "-1"]
        {
            assert!(shown(wrong).is_err(), "{wrong}");
        }
    }
}

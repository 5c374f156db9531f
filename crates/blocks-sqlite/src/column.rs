//! How values of the domain stand in columns.

use blocks_domain::{PageToken, User, UserId};
use jiff::Timestamp;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

/// An unsigned number, stored with the same bits.
pub(crate) struct Number(pub(crate) u64);

impl ToSql for Number {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.cast_signed().into())
    }
}

impl FromSql for Number {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Ok(Self(value.as_i64()?.cast_unsigned()))
    }
}

/// The id of a user, stored with the same bits.
pub(crate) struct Id(pub(crate) UserId);

impl ToSql for Id {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.get().cast_signed().into())
    }
}

impl FromSql for Id {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let bits = value.as_i64()?;
        UserId::new(bits.cast_unsigned()).map(Self).ok_or(FromSqlError::OutOfRange(bits))
    }
}

/// A time, to the nanosecond, as RFC 3339.
pub(crate) struct Time(pub(crate) Timestamp);

impl ToSql for Time {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.to_string().into())
    }
}

impl FromSql for Time {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str()?.parse().map(Self).map_err(FromSqlError::other)
    }
}

/// A time that is compared with others in SQL: nine digits behind the point, so that texts of the
/// years from 0 on have the order of their times. It is read as a [`Time`].
pub(crate) struct Moment(pub(crate) Timestamp);

impl ToSql for Moment {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(format!("{:.9}", self.0).into())
    }
}

/// A page token, to the letter.
pub(crate) struct Token(pub(crate) PageToken);

impl FromSql for Token {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        // `PageToken::new` checks what a person typed; this one came from the server.
        let text = serde_json::Value::from(value.as_str()?);
        serde_json::from_value(text).map(Self).map_err(FromSqlError::other)
    }
}

/// A profile, as the JSON that the domain writes.
pub(crate) struct Profile(pub(crate) User);

impl FromSql for Profile {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        serde_json::from_str(value.as_str()?).map(Self).map_err(FromSqlError::other)
    }
}

/// Any text that can be parsed, such as the name of an account.
pub(crate) struct Parsed<T>(pub(crate) T);

impl<T> FromSql for Parsed<T>
where
    T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str()?.parse().map(Self).map_err(FromSqlError::other)
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::types::Value;

    use super::*;

    /// The value as the column gives it back.
    fn stored<T: ToSql + FromSql>(value: &T) -> FromSqlResult<T> {
        match value.to_sql().expect("it can be stored") {
            ToSqlOutput::Owned(stored) => T::column_result((&stored).into()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_largest_numbers_come_back() {
        for number in [0, i64::MAX.cast_unsigned() + 1, u64::MAX] {
            assert_eq!(stored(&Number(number)).expect("a number").0, number);
        }
        assert_eq!(stored(&Id(UserId::MAX)).expect("an id").0, UserId::MAX);
    }

    #[test]
    fn times_come_back_to_the_nanosecond() {
        for time in [Timestamp::MIN, Timestamp::UNIX_EPOCH, Timestamp::MAX] {
            assert_eq!(stored(&Time(time)).expect("a time").0, time);
        }
    }

    #[test]
    fn moments_have_the_order_of_their_texts() {
        let text = |time: &str| {
            let moment = Moment(time.parse().expect("a time"));
            match moment.to_sql().expect("it can be stored") {
                ToSqlOutput::Owned(Value::Text(text)) => text,
                other => panic!("{other:?}"),
            }
        };
        let second = text("2026-08-07T12:00:00Z");
        assert_eq!(second, "2026-08-07T12:00:00.000000000Z");
        assert!(second < text("2026-08-07T12:00:00.5Z"));
        assert!(second > text("2026-08-07T11:59:59.999999999Z"));
        assert!(second > text("-000001-08-07T12:00:00Z"));
        let read = Time::column_result(ValueRef::Text(second.as_bytes())).expect("a time");
        assert_eq!(Moment(read.0).to_sql().expect("stored"), second.into());
    }

    #[test]
    fn a_token_of_the_server_is_taken_as_it_is() {
        let token = Token::column_result(ValueRef::Text(b"short\"7\"")).expect("a token");
        assert_eq!(token.0.as_str(), "short\"7\"");
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        assert!(Id::column_result(ValueRef::Integer(-1)).is_err(), "20 digits");
        assert!(Time::column_result(ValueRef::Text(b"yesterday")).is_err());
        assert!(Token::column_result(ValueRef::Text(b"")).is_err());
        assert!(Profile::column_result(ValueRef::Text(b"{}")).is_err(), "no id");
    }
}

//! Cancel requests. The driver's own go away as soon as they are sent. Then a pooler takes them for given up, and
//! PgBouncer 1.18 even falls over one that is gone when it is passed on. So these wait, as libpq does.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use chats_domain::ports::Cause;
use futures_util::TryFutureExt;
use futures_util::future::MapOk;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_postgres::{CancelToken, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::server::{Address, Server};

/// Has a server cancel what it does for a connection, and returns once it was told.
pub(super) async fn cancel(
    token: &CancelToken,
    server: &Server,
    tls: Option<&MakeRustlsConnect>,
) -> Result<(), Cause> {
    match (server.address(), tls) {
        (Address::Tcp { host, name, port }, Some(tls)) => {
            let socket = Patient(TcpStream::connect((&*host, port)).await?);
            let mut tls = tls.clone();
            let tls = MakeTlsConnect::<Patient<TcpStream>>::make_tls_connect(&mut tls, name)?;
            token.cancel_query_raw(socket, Patient(tls)).await?;
        }
        (Address::Tcp { host, port, .. }, None) => {
            let socket = Patient(TcpStream::connect((&*host, port)).await?);
            token.cancel_query_raw(socket, NoTls).await?;
        }
        // There is no TLS on Unix sockets.
        (Address::Unix(socket), _) => {
            let socket = Patient(UnixStream::connect(socket).await?);
            token.cancel_query_raw(socket, NoTls).await?;
        }
    }
    Ok(())
}

/// A stream that the other side closes first; or what makes such a one.
struct Patient<S>(S);

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    /// Waits for the end of what the other side has to say. However it ends, it is the end.
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let mut space = [0; 64];
            let mut said = ReadBuf::new(&mut space);
            let read = ready!(Pin::new(&mut self.0).poll_read(context, &mut said));
            if read.is_err() || said.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        space: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, space)
    }
}

impl<S: TlsStream + Unpin> TlsStream for Patient<S> {
    fn channel_binding(&self) -> ChannelBinding {
        self.0.channel_binding()
    }
}

impl<S, T: TlsConnect<S>> TlsConnect<S> for Patient<T> {
    type Stream = Patient<T::Stream>;
    type Error = T::Error;
    type Future = MapOk<T::Future, fn(T::Stream) -> Patient<T::Stream>>;

    fn connect(self, stream: S) -> Self::Future {
        self.0.connect(stream).map_ok(Patient)
    }
}

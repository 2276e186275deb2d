! An integrand in Fortran: `gaussian` at one point, `gaussians` at many in one call.
!
! $ gfortran -O2 -shared -fPIC -o libfortran.so fortran.f90
! $ montesieve integrate lib ./libfortran.so:gaussian --bounds 0:1,0:1 1e6
! $ montesieve integrate lib ./libfortran.so:gaussians --form batch --bounds 0:1,0:1 1e6
!
! bind(c) gives the function the name that it has here, and `value` passes integers as C does.
module integrands
  use, intrinsic :: iso_c_binding, only: c_int, c_double, c_ptr
  implicit none
contains
  function gaussian(dim, x, data) bind(c) result(value_there)
    integer(c_int), value :: dim
    real(c_double), intent(in) :: x(dim)
    type(c_ptr), value :: data ! c_null_ptr
    real(c_double) :: value_there
    value_there = exp(-sum(x**2))
  end function

  subroutine gaussians(points, dim, x, values, data) bind(c)
    integer(c_int), value :: points, dim
    real(c_double), intent(in) :: x(points, dim)
    real(c_double), intent(out) :: values(points)
    type(c_ptr), value :: data ! c_null_ptr
    values = exp(-sum(x**2, dim=2))
  end subroutine
end module
